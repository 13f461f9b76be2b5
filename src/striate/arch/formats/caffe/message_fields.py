"""Table of Caffe's protobuf messages: fields and their numbers, as published (BVLC Caffe 1.0 and older forms).

A message is a line with its name; its fields follow, `name number type`. A `*` before the type repeats it; types are
i (whole number), u (the same, from 0 up), f (real number), b (true or false), s (text), the name of an enumeration or
of another message. No message contains itself, so no text is deeper than this table. Numbers from 10,000 up belong to
forks that gave them none in common.
"""

from __future__ import annotations

ENUMERATIONS = """
Phase TRAIN=0 TEST=1
Norm FAN_IN=0 FAN_OUT=1 AVERAGE=2
Normalization FULL=0 VALID=1 BATCH_SIZE=2 NONE=3
Check STRICT=0 PERMISSIVE=1
Engine DEFAULT=0 CAFFE=1 CUDNN=2
Backend LEVELDB=0 LMDB=1
Operation PROD=0 SUM=1 MAX=2
Region ACROSS_CHANNELS=0 WITHIN_CHANNEL=1
Method MAX=0 AVE=1 STOCHASTIC=2
Rounding CEIL=0 FLOOR=1
Reduction SUM=1 ASUM=2 SUMSQ=3 MEAN=4
HingeNorm L1=1 L2=2
SnapshotFormat HDF5=0 BINARYPROTO=1
SolverMode CPU=0 GPU=1
SolverType SGD=0 NESTEROV=1 ADAGRAD=2 RMSPROP=3 ADADELTA=4 ADAM=5
V1Type NONE=0 ACCURACY=1 BNLL=2 CONCAT=3 CONVOLUTION=4 DATA=5 DROPOUT=6 EUCLIDEAN_LOSS=7 FLATTEN=8 HDF5_DATA=9
V1Type HDF5_OUTPUT=10 IM2COL=11 IMAGE_DATA=12 INFOGAIN_LOSS=13 INNER_PRODUCT=14 LRN=15 MULTINOMIAL_LOGISTIC_LOSS=16
V1Type POOLING=17 RELU=18 SIGMOID=19 SOFTMAX=20 SOFTMAX_LOSS=21 SPLIT=22 TANH=23 WINDOW_DATA=24 ELTWISE=25 POWER=26
V1Type SIGMOID_CROSS_ENTROPY_LOSS=27 HINGE_LOSS=28 MEMORY_DATA=29 ARGMAX=30 THRESHOLD=31 DUMMY_DATA=32 SLICE=33
V1Type MVN=34 ABSVAL=35 SILENCE=36 CONTRASTIVE_LOSS=37 EXP=38 DECONVOLUTION=39
"""

MESSAGES = """
BlobShape
  dim 1 *i
BlobProto
  num 1 i; channels 2 i; height 3 i; width 4 i; data 5 *f; diff 6 *f; shape 7 BlobShape
  double_data 8 *f; double_diff 9 *f
FillerParameter
  type 1 s; value 2 f; min 3 f; max 4 f; mean 5 f; std 6 f; sparse 7 i; variance_norm 8 Norm
NetState
  phase 1 Phase; level 2 i; stage 3 *s
NetStateRule
  phase 1 Phase; min_level 2 i; max_level 3 i; stage 4 *s; not_stage 5 *s
ParamSpec
  name 1 s; share_mode 2 Check; lr_mult 3 f; decay_mult 4 f
NetParameter
  name 1 s; layers 2 *V1LayerParameter; input 3 *s; input_dim 4 *i; force_backward 5 b; state 6 NetState
  debug_info 7 b; input_shape 8 *BlobShape; layer 100 *LayerParameter
LayerParameter
  name 1 s; type 2 s; bottom 3 *s; top 4 *s; loss_weight 5 *f; param 6 *ParamSpec; blobs 7 *BlobProto
  include 8 *NetStateRule; exclude 9 *NetStateRule; phase 10 Phase; propagate_down 11 *b
  transform_param 100 TransformationParameter; loss_param 101 LossParameter; accuracy_param 102 AccuracyParameter
  argmax_param 103 ArgMaxParameter; concat_param 104 ConcatParameter
  contrastive_loss_param 105 ContrastiveLossParameter; convolution_param 106 ConvolutionParameter
  data_param 107 DataParameter; dropout_param 108 DropoutParameter; dummy_data_param 109 DummyDataParameter
  eltwise_param 110 EltwiseParameter; exp_param 111 ExpParameter; hdf5_data_param 112 HDF5DataParameter
  hdf5_output_param 113 HDF5OutputParameter; hinge_loss_param 114 HingeLossParameter
  image_data_param 115 ImageDataParameter; infogain_loss_param 116 InfogainLossParameter
  inner_product_param 117 InnerProductParameter; lrn_param 118 LRNParameter; memory_data_param 119 MemoryDataParameter
  mvn_param 120 MVNParameter; pooling_param 121 PoolingParameter; power_param 122 PowerParameter
  relu_param 123 ReLUParameter; sigmoid_param 124 SigmoidParameter; softmax_param 125 SoftmaxParameter
  slice_param 126 SliceParameter; tanh_param 127 TanHParameter; threshold_param 128 ThresholdParameter
  window_data_param 129 WindowDataParameter; python_param 130 PythonParameter; prelu_param 131 PReLUParameter
  spp_param 132 SPPParameter; reshape_param 133 ReshapeParameter; log_param 134 ExpParameter
  flatten_param 135 FlattenParameter; reduction_param 136 ReductionParameter; embed_param 137 EmbedParameter
  tile_param 138 TileParameter; batch_norm_param 139 BatchNormParameter; elu_param 140 ELUParameter
  bias_param 141 BiasParameter; scale_param 142 ScaleParameter; input_param 143 InputParameter
  crop_param 144 CropParameter; parameter_param 145 InputParameter; recurrent_param 146 RecurrentParameter
TransformationParameter
  scale 1 f; mirror 2 b; crop_size 3 u; mean_file 4 s; mean_value 5 *f; force_color 6 b; force_gray 7 b
LossParameter
  ignore_label 1 i; normalize 2 b; normalization 3 Normalization
AccuracyParameter
  top_k 1 u; axis 2 i; ignore_label 3 i
ArgMaxParameter
  out_max_val 1 b; top_k 2 u; axis 3 i
ConcatParameter
  concat_dim 1 u; axis 2 i
BatchNormParameter
  use_global_stats 1 b; moving_average_fraction 2 f; eps 3 f; engine 10001 Engine
BiasParameter
  axis 1 i; num_axes 2 i; filler 3 FillerParameter
ContrastiveLossParameter
  margin 1 f; legacy_version 2 b
ConvolutionParameter
  num_output 1 u; bias_term 2 b; pad 3 *u; kernel_size 4 *u; group 5 u; stride 6 *u; weight_filler 7 FillerParameter
  bias_filler 8 FillerParameter; pad_h 9 u; pad_w 10 u; kernel_h 11 u; kernel_w 12 u; stride_h 13 u; stride_w 14 u
  engine 15 Engine; axis 16 i; force_nd_im2col 17 b; dilation 18 *u
CropParameter
  axis 1 i; offset 2 *u
DataParameter
  source 1 s; scale 2 f; mean_file 3 s; batch_size 4 u; crop_size 5 u; mirror 6 b; rand_skip 7 u; backend 8 Backend
  force_encoded_color 9 b; prefetch 10 u
DropoutParameter
  dropout_ratio 1 f; scale_train 2 b
DummyDataParameter
  data_filler 1 *FillerParameter; num 2 *u; channels 3 *u; height 4 *u; width 5 *u; shape 6 *BlobShape
EltwiseParameter
  operation 1 Operation; coeff 2 *f; stable_prod_grad 3 b
ELUParameter
  alpha 1 f
EmbedParameter
  num_output 1 u; input_dim 2 u; bias_term 3 b; weight_filler 4 FillerParameter; bias_filler 5 FillerParameter
ExpParameter
  base 1 f; scale 2 f; shift 3 f
FlattenParameter
  axis 1 i; end_axis 2 i
HDF5DataParameter
  source 1 s; batch_size 2 u; shuffle 3 b
HDF5OutputParameter
  file_name 1 s
HingeLossParameter
  norm 1 HingeNorm
ImageDataParameter
  source 1 s; scale 2 f; mean_file 3 s; batch_size 4 u; crop_size 5 u; mirror 6 b; rand_skip 7 u; shuffle 8 b
  new_height 9 u; new_width 10 u; is_color 11 b; root_folder 12 s; images_in_color 10001 b
InfogainLossParameter
  source 1 s; axis 2 i
InnerProductParameter
  num_output 1 u; bias_term 2 b; weight_filler 3 FillerParameter; bias_filler 4 FillerParameter; axis 5 i; transpose 6 b
InputParameter
  shape 1 *BlobShape
LRNParameter
  local_size 1 u; alpha 2 f; beta 3 f; norm_region 4 Region; k 5 f; engine 6 Engine
MemoryDataParameter
  batch_size 1 u; channels 2 u; height 3 u; width 4 u
MVNParameter
  normalize_variance 1 b; across_channels 2 b; eps 3 f
PoolingParameter
  pool 1 Method; kernel_size 2 u; stride 3 u; pad 4 u; kernel_h 5 u; kernel_w 6 u; stride_h 7 u; stride_w 8 u; pad_h 9 u
  pad_w 10 u; engine 11 Engine; global_pooling 12 b; round_mode 13 Rounding; ceil_mode 10001 b
PowerParameter
  power 1 f; scale 2 f; shift 3 f
PReLUParameter
  filler 1 FillerParameter; channel_shared 2 b
PythonParameter
  module 1 s; layer 2 s; param_str 3 s; share_in_parallel 4 b
RecurrentParameter
  num_output 1 u; weight_filler 2 FillerParameter; bias_filler 3 FillerParameter; debug_info 4 b; expose_hidden 5 b
ReductionParameter
  operation 1 Reduction; axis 2 i; coeff 3 f
ReLUParameter
  negative_slope 1 f; engine 2 Engine
ReshapeParameter
  shape 1 BlobShape; axis 2 i; num_axes 3 i
ScaleParameter
  axis 1 i; num_axes 2 i; filler 3 FillerParameter; bias_term 4 b; bias_filler 5 FillerParameter
SigmoidParameter
  engine 1 Engine
SliceParameter
  slice_dim 1 u; slice_point 2 *u; axis 3 i
SoftmaxParameter
  engine 1 Engine; axis 2 i
SPPParameter
  pyramid_height 1 u; pool 2 Method; engine 6 Engine
TanHParameter
  engine 1 Engine
ThresholdParameter
  threshold 1 f
TileParameter
  axis 1 i; tiles 2 i
WindowDataParameter
  source 1 s; scale 2 f; mean_file 3 s; batch_size 4 u; crop_size 5 u; mirror 6 b; fg_threshold 7 f; bg_threshold 8 f
  fg_fraction 9 f; context_pad 10 u; crop_mode 11 s; cache_images 12 b; root_folder 13 s
V1LayerParameter
  layer 1 V0LayerParameter; bottom 2 *s; top 3 *s; name 4 s; type 5 V1Type; blobs 6 *BlobProto; blobs_lr 7 *f
  weight_decay 8 *f; concat_param 9 ConcatParameter; convolution_param 10 ConvolutionParameter
  data_param 11 DataParameter; dropout_param 12 DropoutParameter; hdf5_data_param 13 HDF5DataParameter
  hdf5_output_param 14 HDF5OutputParameter; image_data_param 15 ImageDataParameter
  infogain_loss_param 16 InfogainLossParameter; inner_product_param 17 InnerProductParameter; lrn_param 18 LRNParameter
  pooling_param 19 PoolingParameter; window_data_param 20 WindowDataParameter; power_param 21 PowerParameter
  memory_data_param 22 MemoryDataParameter; argmax_param 23 ArgMaxParameter; eltwise_param 24 EltwiseParameter
  threshold_param 25 ThresholdParameter; dummy_data_param 26 DummyDataParameter; accuracy_param 27 AccuracyParameter
  hinge_loss_param 29 HingeLossParameter; relu_param 30 ReLUParameter; slice_param 31 SliceParameter
  include 32 *NetStateRule; exclude 33 *NetStateRule; mvn_param 34 MVNParameter; loss_weight 35 *f
  transform_param 36 TransformationParameter; tanh_param 37 TanHParameter; sigmoid_param 38 SigmoidParameter
  softmax_param 39 SoftmaxParameter; contrastive_loss_param 40 ContrastiveLossParameter; exp_param 41 ExpParameter
  loss_param 42 LossParameter; param 1001 *s; blob_share_mode 1002 *Check
V0LayerParameter
  name 1 s; type 2 s; num_output 3 u; biasterm 4 b; weight_filler 5 FillerParameter; bias_filler 6 FillerParameter
  pad 7 u; kernelsize 8 u; group 9 u; stride 10 u; pool 11 Method; dropout_ratio 12 f; local_size 13 u; alpha 14 f
  beta 15 f; source 16 s; scale 17 f; meanfile 18 s; batchsize 19 u; cropsize 20 u; mirror 21 b; k 22 f
  blobs 50 *BlobProto; blobs_lr 51 *f; weight_decay 52 *f; rand_skip 53 u; det_fg_threshold 54 f; det_bg_threshold 55 f
  det_fg_fraction 56 f; det_context_pad 58 u; det_crop_mode 59 s; new_num 60 i; new_channels 61 i; new_height 62 i
  new_width 63 i; shuffle_images 64 b; concat_dim 65 u; hdf5_output_param 1001 HDF5OutputParameter
SolverParameter
  train_net 1 s; test_net 2 *s; test_iter 3 *i; test_interval 4 i; base_lr 5 f; display 6 i; max_iter 7 i; lr_policy 8 s
  gamma 9 f; power 10 f; momentum 11 f; weight_decay 12 f; stepsize 13 i; snapshot 14 i; snapshot_prefix 15 s
  snapshot_diff 16 b; solver_mode 17 SolverMode; device_id 18 i; test_compute_loss 19 b; random_seed 20 i
  train_net_param 21 NetParameter; test_net_param 22 *NetParameter; debug_info 23 b; net 24 s; net_param 25 NetParameter
  train_state 26 NetState; test_state 27 *NetState; snapshot_after_train 28 b; regularization_type 29 s
  solver_type 30 SolverType; delta 31 f; test_initialization 32 b; average_loss 33 i; stepvalue 34 *i
  clip_gradients 35 f; iter_size 36 i; snapshot_format 37 SnapshotFormat; rms_decay 38 f; momentum2 39 f; type 40 s
  layer_wise_reduce 43 b; weights 44 *s; eval_type 10001 s; ap_version 10002 s; show_per_class_result 10003 b
"""
